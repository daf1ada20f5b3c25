-- Creates links, each with a URL of its own.
-- wrk -s wrk-creates.lua URL -- KEY SALT
local headers = { ["Content-Type"] = "application/json" }
local salt
local count = 0

function init(args)
  headers["X-Api-Key"] = args[1]
  salt = args[2]
end

function request()
  count = count + 1
  local url = "https://www.example.com/new/" .. salt .. "/" .. count .. "/a-page-with-a-title"
  return wrk.format("POST", "/api/links", headers, '{"url":"' .. url .. '"}')
end
