-- Creates links, each with a URL of its own. The text is put together here, not by wrk.format, which
-- would cost wrk more than sending it.
-- wrk -s wrk-creates.lua URL -- KEY SALT
local threads = 0
local head, salt
local count = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

function init(args)
  head = "POST /api/links HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    .. "X-Api-Key: " .. args[1] .. "\r\nContent-Length: "
  salt = args[2] .. "-" .. thread_number
end

function request()
  count = count + 1
  local body = '{"url":"https://www.example.com/new/' .. salt .. "/" .. count
    .. '/a-page-with-a-title"}'
  return head .. #body .. "\r\n\r\n" .. body
end
