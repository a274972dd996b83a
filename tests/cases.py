"""How many random cases a test tries."""

import os

# 300 at every call; `KERAS_QLAE_CASES=10000` for a night.
NUM_CASES = int(os.environ.get("KERAS_QLAE_CASES", "300"))
