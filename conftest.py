"""How the chapters run when they are checked: claims strict, TensorFlow without its greeting."""

import os

os.environ["DIGITLIB_STRICT"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
