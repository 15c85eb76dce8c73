"""Recurrence rules of RFC 5545: parse a rule, expand it into dates, and find the next occurrence.

A pure package, independent of tasks, wire format and database: it imports nothing else of this project.
"""
