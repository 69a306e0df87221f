"""A network in other engines: converted, quantized, exported."""
