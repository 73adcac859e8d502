"""The critic: reads a review, says how positive it is and which sentences made it so."""
