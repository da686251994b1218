// The squarified treemap of Bruls, Huizing and van Wijk (2000): rows of tiles near to squares.

// Rectangles for `values`, the largest first, that fill the given one.
function squarify(values, x, y, width, height) {
  const total = values.reduce((sum, value) => sum + value, 0);
  const rectangles = [];
  if (!(total > 0) || width <= 0 || height <= 0) return rectangles;
  const scale = (width * height) / total;
  let start = 0;
  while (start < values.length) {
    const side = Math.min(width, height);
    let end = start;
    let area = 0;
    let worst = Infinity;
    while (end < values.length) {
      const next = area + values[end] * scale;
      const thickness = (next / side) ** 2;
      // The row's first tile is its largest, the last its smallest.
      const ratio = Math.max((values[start] * scale) / thickness, thickness / (values[end] * scale));
      if (ratio > worst) break;
      worst = ratio;
      area = next;
      end++;
    }
    const thickness = side > 0 ? area / side : 0;
    let at = 0;
    for (; start < end; start++) {
      const length = thickness > 0 ? (values[start] * scale) / thickness : 0;
      rectangles.push(width >= height
        ? { x, y: y + at, width: thickness, height: length }
        : { x: x + at, y, width: length, height: thickness });
      at += length;
    }
    if (width >= height) {
      x += thickness;
      width = Math.max(width - thickness, 0);
    } else {
      y += thickness;
      height = Math.max(height - thickness, 0);
    }
  }
  return rectangles;
}
