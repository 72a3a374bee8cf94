"""The pages of the documentation that are made and not written: run by Sphinx, and by the tests."""
