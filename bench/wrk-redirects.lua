-- Visits the paths of a file, one per line, each as likely as the others.
-- wrk -s wrk-redirects.lua URL -- FILE SEED
local requests = {}

function init(args)
  math.randomseed(tonumber(args[2]))
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  return requests[math.random(#requests)]
end
