"""The smallest project the stack can run: its own tests need no more of the product."""
