-- GET of /healthz: what the connection layer does by itself.

dofile("summary.lua")

wrk.path = "/healthz"
