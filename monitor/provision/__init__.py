"""First-run set-up of what several processes need: an authority of our own, certificates, passwords, configuration."""
