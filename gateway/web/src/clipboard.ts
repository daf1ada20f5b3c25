/**
 * Puts text on the clipboard, also where the page is served over plain HTTP to another machine and
 * browsers therefore withhold the Clipboard API.
 *
 * Used by the copy button. Tells whether it worked.
 */

/** @param near an element to work beside: everything outside an open dialog is out of reach. */
export async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text, near)
  }
}

function copyBySelection(text: string, near: HTMLElement): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.readOnly = true
  area.className = 'visually-hidden'
  near.parentElement?.append(area)
  area.select()
  // Deprecated, and without a successor on an insecure origin.
  const isCopied = document.execCommand('copy')
  area.remove()
  near.focus()
  return isCopied
}
