// The receptive field: which pixels of the picture a value of a feature map can depend on.

import { windows } from './engine.js';

// Back from one place of the last step's output, through every layer's windows, to the first and last row and column
// of the picture, both inclusive. `steps` are { layer, input } from the first layer on.
export function receptiveField(steps, row, column) {
  let field = { top: row, bottom: row, left: column, right: column };
  for (const { layer, input } of [...steps].reverse()) {
    const sides = layer.settings.kernel_size ?? layer.settings.pool_size;
    if (!sides) continue; // looks at one place only, so it changes nothing
    const grid = windows(input, sides, layer.settings), [rows, columns] = input.shape;
    field = {
      top: Math.max(grid.top(field.top), 0),
      bottom: Math.min(grid.top(field.bottom) + grid.height, rows) - 1,
      left: Math.max(grid.left(field.left), 0),
      right: Math.min(grid.left(field.right) + grid.width, columns) - 1,
    };
  }
  return field;
}
