import { connect } from 'node:net'

/** Sends one command to a Redis; its reply as it came. For what no client library is needed for. */
export function sendRedis(port: number, ...words: readonly string[]): Promise<string> {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`*${words.length}\r\n${parts.join('')}`))
    socket.once('data', (reply) => {
      socket.destroy()
      const text = reply.toString('latin1')
      if (text.startsWith('-')) reject(new Error(text))
      else resolve(text)
    })
    socket.once('error', reject)
  })
}

/** Puts other values under all names of a Redis: a Lua function of `values` and `i`. @returns how many there were. */
export async function changeRedis(port: number, change: string): Promise<number> {
  const script = `local names, values = redis.call('KEYS', '*'), {}
for i, name in ipairs(names) do values[i] = redis.call('GET', name) end
for i, name in ipairs(names) do redis.call('SET', name, ${change}) end
return #names`
  return Number((await sendRedis(port, 'EVAL', script, '0')).slice(1))
}
