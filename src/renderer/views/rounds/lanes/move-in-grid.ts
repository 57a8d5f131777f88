/** Arrow keys in the lanes: left and right along time, up and down to the segment of that time in the next lane. */
export function moveInGrid(grid: HTMLElement, from: HTMLElement, key: string): boolean {
  const next = neighbour(grid, from, key);
  if (next === null) return false;
  from.tabIndex = -1;
  next.tabIndex = 0;
  next.focus({ preventScroll: false });
  return true;
}

function neighbour(grid: HTMLElement, from: HTMLElement, key: string): HTMLElement | null {
  const lane = from.closest<HTMLElement>('[data-lane]');
  if (lane === null) return null;
  const cells = cellsOf(lane);
  const place = cells.indexOf(from);
  if (place < 0) return null;
  switch (key) {
    case 'ArrowRight':
      return cells[place + 1] ?? null;
    case 'ArrowLeft':
      return cells[place - 1] ?? null;
    case 'Home':
      return cells[0] ?? null;
    case 'End':
      return cells.at(-1) ?? null;
    case 'ArrowUp':
    case 'ArrowDown': {
      const lanes = [...grid.querySelectorAll<HTMLElement>('[data-lane]')];
      const other = lanes[lanes.indexOf(lane) + (key === 'ArrowUp' ? -1 : 1)];
      return other === undefined ? null : nearest(cellsOf(other), Number(from.dataset['at']));
    }
    default:
      return null;
  }
}

function cellsOf(lane: HTMLElement): HTMLElement[] {
  return [...lane.querySelectorAll<HTMLElement>('[role="gridcell"][data-at]')];
}

function nearest(cells: readonly HTMLElement[], at: number): HTMLElement | null {
  let best: HTMLElement | null = null;
  for (const cell of cells) {
    const distance = Math.abs(Number(cell.dataset['at']) - at);
    if (best === null || distance < Math.abs(Number(best.dataset['at']) - at)) best = cell;
  }
  return best;
}
