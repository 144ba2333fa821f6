"""What the rule pages claim of Keras, asked of Keras 3 and of tf_keras."""
