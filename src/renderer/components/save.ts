/** Offers bytes or text to the reader as a file. */
export function saveFile(name: string, type: string, content: string | Uint8Array<ArrayBuffer> | Blob): void {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun once the click was handled; a minute is ample for the browser to have read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @returns whether the browser let us */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Refused or absent, such as on a page without focus; the caller says so.
    return false;
  }
}
