"""The MCP server: tools with which agents read and change the tasks of the user whose token they have."""
