"""The rules. Imports ports, errors and shared; never a framework or a vendor."""
