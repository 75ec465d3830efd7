/**
 * WGSL: one tile over the picture's part that is in sight, and that part onto the canvas. Pixels are RGBA in one word,
 * red lowest. Where the picture is opaque and the mark is not mixed, whole numbers give what `blendOpaqueTiles` gives;
 * else 32-bit floats come within 1/255 of it.
 */
export const BLEND_SHADER = /* wgsl */ `
struct Tile {
  left: i32,
  top: i32,
  cell_width: u32,
  stride: u32,
  x0: u32,
  y0: u32,
  x1: u32,
  y1: u32,
  blend: u32,
  unused0: u32,
  unused1: u32,
  unused2: u32,
  // Coverage for each alpha of the cell, four to a word: opacity, rounded as the renderer rounds it.
  covers: array<vec4<u32>, 16>,
}

@group(0) @binding(0) var<uniform> tile: Tile;
@group(0) @binding(1) var<storage, read> cell: array<u32>;
@group(0) @binding(2) var<storage, read_write> pixels: array<u32>;

fn hard_light(ground: f32, source: f32) -> f32 {
  if (source <= 0.5) { return ground * 2.0 * source; }
  let twice = 2.0 * source - 1.0;
  return ground + twice - ground * twice;
}

fn soft_light(ground: f32, source: f32) -> f32 {
  if (source <= 0.5) { return ground - (1.0 - 2.0 * source) * ground * (1.0 - ground); }
  var curve = sqrt(ground);
  if (ground <= 0.25) { curve = ((16.0 * ground - 12.0) * ground + 4.0) * ground; }
  return ground + (2.0 * source - 1.0) * (curve - ground);
}

fn mixed(ground: f32, source: f32) -> f32 {
  switch tile.blend {
    case 1u: { return ground * source; }
    case 2u: { return ground + source - ground * source; }
    case 3u: { return hard_light(source, ground); }
    case 4u: { return soft_light(ground, source); }
    default: { return source; }
  }
}

fn channel(word: u32, i: u32) -> u32 { return (word >> (i * 8u)) & 255u; }

@compute @workgroup_size(16, 16)
fn lay(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = tile.x0 + id.x;
  let y = tile.y0 + id.y;
  if (x >= tile.x1 || y >= tile.y1) { return; }
  let source = cell[u32(i32(y) - tile.top) * tile.cell_width + u32(i32(x) - tile.left)];
  let alpha = source >> 24u;
  let cover = (tile.covers[alpha >> 4u][(alpha >> 2u) & 3u] >> ((alpha & 3u) * 8u)) & 255u;
  if (cover == 0u) { return; }
  let at = y * tile.stride + x;
  let under = pixels[at];
  let ground_alpha = under >> 24u;
  var result = 0u;
  if (tile.blend == 0u && ground_alpha == 255u) {
    for (var i = 0u; i < 3u; i++) {
      let value = (channel(source, i) * cover + channel(under, i) * (255u - cover) + 127u) / 255u;
      result = result | (value << (i * 8u));
    }
    result = result | 0xff000000u;
  } else {
    let over_cover = f32(cover) / 255.0;
    let ground = f32(ground_alpha) / 255.0;
    let over = over_cover + ground * (1.0 - over_cover);
    for (var i = 0u; i < 3u; i++) {
      let color = f32(channel(source, i)) / 255.0;
      let backdrop = f32(channel(under, i)) / 255.0;
      let both = (1.0 - ground) * color + ground * mixed(backdrop, color);
      let seen = (over_cover * both + (1.0 - over_cover) * ground * backdrop) / over;
      result = result | (u32(floor(clamp(seen, 0.0, 1.0) * 255.0 + 0.5)) << (i * 8u));
    }
    result = result | (u32(floor(over * 255.0 + 0.5)) << 24u);
  }
  pixels[at] = result;
}

struct View {
  stride: u32,
  split: u32,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> original: array<u32>;
@group(0) @binding(2) var<storage, read> marked: array<u32>;

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4<f32> {
  return vec4<f32>(select(-1.0, 3.0, i == 1u), select(-1.0, 3.0, i == 2u), 0.0, 1.0);
}

@fragment
fn show(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
  let x = u32(at.x);
  let index = u32(at.y) * view.stride + x;
  var word = marked[index];
  if (x < view.split) { word = original[index]; }
  let color = unpack4x8unorm(word);
  return vec4<f32>(color.rgb * color.a, color.a);
}
`;
