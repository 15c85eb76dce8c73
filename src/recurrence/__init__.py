"""Recurrence rules of RFC 5545: parse a rule, expand it into dates, and find the next occurrence.

A pure package: it knows no tasks, no wire format and no database, and imports nothing else of this project.
"""
