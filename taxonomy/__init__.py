"""The words of the trade in both languages: skills, sectors, zones, demonyms, synonyms, text analysis."""
