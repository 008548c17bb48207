"""Tables and items from templates, descriptions and files."""
