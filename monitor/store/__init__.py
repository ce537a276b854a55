"""The memory: state in SQL, series behind one seam."""
