"""What is known of the Keras API, as tables: layers, functions, names and renamings, shapes."""
