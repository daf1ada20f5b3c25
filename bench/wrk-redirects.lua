-- Visits the paths of a file, one per line, in its order, from a place of the caller's choice on.
-- The file is in random order: drawing here for each request would cost wrk more than sending it.
-- wrk -s wrk-redirects.lua URL -- FILE FIRST
local requests = {}
local next_one = 0

function init(args)
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
  next_one = tonumber(args[2]) % #requests
end

function request()
  next_one = next_one + 1
  if next_one > #requests then
    next_one = 1
  end
  return requests[next_one]
end
