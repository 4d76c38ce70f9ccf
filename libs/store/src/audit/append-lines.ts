import { open } from 'node:fs/promises'

/**
 * Appends whole lines to a file and flushes them to the disk. A line that a crash or a full disk cut short before stays alone: what
 * comes now begins a line of its own.
 * @param text lines, each with its line feed
 */
export async function appendLines(path: string, text: string): Promise<void> {
  const file = await open(path, 'a+', 0o600)
  try {
    const { size } = await file.stat()
    const isCut = size > 0 && (await file.read({ position: size - 1, length: 1 })).buffer[0] !== 0x0a
    await file.appendFile(isCut ? `\n${text}` : text)
    await file.datasync()
  } finally {
    await file.close()
  }
}
