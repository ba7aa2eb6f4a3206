"""Studies: experiments that people call by name, as YAML files in `named/`."""
