-- Given to wrk by the engine bench. With the argument `post`, requests carry 10,240 bytes. The last line of the report tells the bytes
-- of all answers, which wrk itself rounds.
function init(args)
  for _, word in ipairs(args) do
    if word == "post" then
      wrk.method = "POST"
      wrk.body = string.rep("a", 10240)
      wrk.headers["Content-Type"] = "application/octet-stream"
    end
  end
end

function done(summary)
  io.write(string.format("bytes %d\n", summary.bytes))
end
