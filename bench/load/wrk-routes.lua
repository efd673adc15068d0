-- Given to wrk by the memory bench, with the number of routes: every request takes one of them by chance. The paths are as long for
-- few routes as for many.
local routes

function init(args)
  routes = tonumber(args[1])
  math.randomseed(1)
end

function request()
  local route = math.random(0, routes - 1)
  return string.format(
    "GET /team-%04d/service-%08d/item HTTP/1.1\r\nHost: bench.example\r\n\r\n", route % 100, route)
end
