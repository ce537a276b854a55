"""Our own checks: names, connections, handshakes, pages, speed; step by step, with a control beside them."""
