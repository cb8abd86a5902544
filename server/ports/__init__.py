"""The five doors between the rules and the world. A port is one page, at most five methods, with no vendor's word in it."""
