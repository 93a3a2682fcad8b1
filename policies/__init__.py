"""One rule a file: pure functions from records to findings. Must import only `core`, never a connector, a clock or I/O."""
