"""The engines that make proxies: one module each, and one line here."""
