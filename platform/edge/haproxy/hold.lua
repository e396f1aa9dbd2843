-- Lets a request wait until its pool has a server that takes connections, as long as the pool's policy says.

local UNKNOWN_POOL_MS = 5000
local FIRST_LOOK_MS = 5
local LONGEST_PAUSE_MS = 50

local pools = Map.new(os.getenv('EDGE_POOLS') .. '/pools.map', Map._str)

local function now_ms()
  local now = core.now()
  return now.sec * 1000 + math.floor(now.usec / 1000)
end

-- Sets txn.slot and txn.retry when there is a server; sets nothing when the time is over.
core.register_action('hold', { 'http-req' }, function(txn)
  local name = txn.sf:req_hdr('x-edwin-pool')
  -- Whoever waited before and met a server that refused has only what is left of its time.
  local since = tonumber(txn.sf:req_hdr('x-edwin-held-since'))
  if since == nil then
    since = now_ms()
    txn.http:req_set_header('x-edwin-held-since', tostring(since))
  end
  local pause = FIRST_LOOK_MS
  while true do
    -- After a reload nobody tells this process any more of servers: the next one, at the same socket, knows them.
    if tonumber(core.get_info()['Stopping']) ~= 0 then return txn:set_var('txn.slot', 'hold') end
    local slot, patience, retry = string.match(pools:lookup(name) or '', '^([^:]+):(%d+):(%a+)')
    local backend = slot and core.backends[slot]
    if backend and tonumber(backend:get_stats()['act']) > 0 then
      txn:set_var('txn.slot', slot)
      txn:set_var('txn.retry', retry)
      return
    end
    if now_ms() - since >= (tonumber(patience) or UNKNOWN_POOL_MS) then return end
    core.msleep(pause)
    pause = math.min(pause * 2, LONGEST_PAUSE_MS)
  end
end)

-- Removes the headers that `Connection` declares to be for this connection only.
core.register_action('named-by-connection', { 'http-req' }, function(txn)
  local headers = txn.http:req_get_headers()['connection'] or {}
  for _, value in pairs(headers) do
    for name in string.gmatch(value, '[^,%s]+') do
      name = string.lower(name)
      if name ~= 'close' and name ~= 'keep-alive' and name ~= 'upgrade' then txn.http:req_del_header(name) end
    end
  end
end)
