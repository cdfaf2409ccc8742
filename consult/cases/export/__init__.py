"""A case with its answers taken along: on paper (pdf.py) and as FHIR (fhir.py), by who may read it, on the record."""
