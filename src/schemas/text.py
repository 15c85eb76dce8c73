"""What every text must be."""

WITHOUT_NUL = r"^[^\x00]*$"
"""PostgreSQL's text can hold every character but this one."""
