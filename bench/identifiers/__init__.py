"""How well identifiers are found in French clinical prose: labelled synthetic texts, and the score of the rules on them."""
