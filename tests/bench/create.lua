-- POST of one 256-byte secret. The request never changes, so that wrk calls no Lua while it measures.

dofile("summary.lua")

wrk.method = "POST"
wrk.path = "/api/v1/secret"
wrk.headers["Content-Type"] = "application/json"
-- A long life, so that no expiry falls into a run.
wrk.body = '{"secret": "' .. string.rep("0123456789abcdef", 16) .. '", "ttl_seconds": 2592000}'
