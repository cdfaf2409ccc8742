"""Finds what may identify a patient in a text: `find()`, by the rules of rules.json, which the browser reads as well."""

from consult.identifiers.find import Finding, find

__all__ = ["Finding", "find"]
