"""What the fault tests are made of: a system to hurt, writers, screens, a proxy, and the count."""
