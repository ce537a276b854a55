"""The laboratory: a small internet in network namespaces, with a censor in it, and stories with a known truth.

`stories` says what happens in each story and what Dabyl must make of it; `world` is who lives in that internet;
`interference` is what a censor can do; `stage` builds, plays and judges. Real packets go through the real kernel; nothing
leaves the machine, because the namespaces have no link to it.
"""
