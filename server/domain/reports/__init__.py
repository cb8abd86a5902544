"""What a report says, frozen when it is made, and its renderings."""
