"""How the configuration is read: by models, with every mistake of it in one run."""
