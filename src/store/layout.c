#include "store/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SEPARATOR ",\n"

enum {
  MOVES_MAX = 32,    /* lines that make way for one that grows; more: all is laid out anew */
  BLANKS_MAX = 4096, /* beside as many as there are other bytes */
  SMALL_REST = 64,   /* a larger one gets room before it, so as not to be moved each time */
  TEXTS_KEPT = 65536 /* larger ones were an exception: their memory is given back */
};

/* One update. */
typedef struct update {
  hpr_layout *layout;
  const hpr_layout_source *source;
  hpr_lines *lines;
  hpr_pieces *pieces;
} update;

static uint32_t end_of(const hpr_line *line) { return line->at + line->length; }

static bool is_placed(const hpr_line *line) { return line->length > 0; }

static uint32_t rest_end(const hpr_layout *layout) {
  return layout->rest_at + (uint32_t)layout->rest.length;
}

static void set_length(const update *it, hpr_line *line, size_t length) {
  it->lines->bytes += length - line->length;
  line->length = (uint32_t)length & INT32_MAX;
}

/* True if entries of others are in it. */
static bool print_beginning(const hpr_document *others, hpr_buffer *buffer) {
  hpr_document_begin(buffer);
  const size_t empty = buffer->length;
  for (const hpr_stored *it = others->stored; it; it = it->next)
    if (it->error == 0) hpr_document_add(buffer, it->text.text, it->text.length);
  return buffer->length > empty;
}

static int print_change(const update *it, hpr_change *change, const void *entry) {
  hpr_buffer *texts = &it->layout->texts;
  change->text_at = texts->length;
  hpr_buffer_add(texts, SEPARATOR, strlen(SEPARATOR));
  it->source->write(entry, texts);
  change->text_length = texts->length - change->text_at;
  return texts->failed ? HPR_ENOMEM : 0;
}

/* --- all of it ------------------------------------------------------------------------------ */

/* All lines are changes. */
static int print_all(const update *it) {
  hpr_lines *lines = it->lines;
  hpr_change *changes = malloc((lines->living + 1) * sizeof *changes);
  if (!changes) return HPR_ENOMEM;
  free(lines->changes);
  lines->changes = changes;
  lines->change_capacity = lines->living + 1;
  lines->change_count = 0;
  lines->all_stale = false;
  for (size_t i = 0; i < lines->count; i++) {
    hpr_line *line = lines->list + i;
    line->stale = false;
    set_length(it, line, 0);
    if (!line->entry) continue;
    hpr_change *change = changes + lines->change_count++;
    *change = (hpr_change){.order = line->order};
    if (print_change(it, change, line->entry) != 0) return HPR_ENOMEM;
  }
  return 0;
}

static void place_all(const update *it, uint32_t slack) {
  hpr_layout *layout = it->layout;
  const hpr_change *change = it->lines->changes;
  uint32_t at = layout->lines_at;
  layout->rest_at = at;
  for (size_t i = 0; i < it->lines->count; i++) {
    hpr_line *line = it->lines->list + i;
    line->at = at;
    if (!line->entry) continue;
    set_length(it, line, change++->text_length);
    layout->rest_at = end_of(line);
    at = layout->rest_at + slack;
  }
  layout->size = rest_end(layout);
}

static int lay_out_anew(const update *it) {
  hpr_layout *layout = it->layout;
  const uint32_t max_bytes = it->source->max_bytes;
  hpr_buffer beginning = {0};
  hpr_buffer_clear(&layout->texts);
  layout->parted = print_beginning(it->source->others, &beginning);
  const size_t begins = beginning.length;
  int result = beginning.failed ? HPR_ENOMEM : print_all(it);
  hpr_buffer_done(&beginning);
  if (result != 0) return result;
  const size_t bytes = begins + layout->texts.length + layout->rest.length;
  if (bytes > max_bytes) return HPR_ETOOBIG;
  const bool roomy = bytes + layout->slack * it->lines->living <= max_bytes / 2;
  layout->lines_at = (uint32_t)begins;
  place_all(it, roomy ? layout->slack : 0);
  const size_t first = hpr_lines_first(it->lines);
  layout->has_bare = !layout->parted && first < it->lines->count;
  if (layout->has_bare) layout->bare = it->lines->list[first].order;
  it->pieces->whole = true;
  it->lines->written = ++layout->number;
  return 0;
}

/* --- changes -------------------------------------------------------------------------------- */

static int compare_changes(const void *a, const void *b) {
  const uint64_t left = ((const hpr_change *)a)->order, right = ((const hpr_change *)b)->order;
  return (left > right) - (left < right);
}

static void move_rest(const update *it, uint32_t at) {
  hpr_layout *layout = it->layout;
  const uint32_t before = layout->rest_at, length = (uint32_t)layout->rest.length;
  layout->rest_at = at + (length > SMALL_REST ? length : 0);
  hpr_pieces_add(it->pieces, before, rest_end(layout));
  if (rest_end(layout) > layout->size) layout->size = rest_end(layout);
}

/* What stands before `end`, from the line with that index on. False: that is too much. */
static bool make_way(const update *it, size_t index, uint32_t end) {
  const hpr_lines *lines = it->lines;
  unsigned moved = 0;
  for (; index < lines->count && lines->list[index].at < end; index++) {
    hpr_line *line = lines->list + index;
    line->at = end;
    if (!is_placed(line)) continue;
    if (++moved > MOVES_MAX) return false;
    end = end_of(line);
    hpr_pieces_add(it->pieces, line->at, end);
  }
  if (index == lines->count && end > it->layout->rest_at) move_rest(it, end);
  return true;
}

static const hpr_line *next_placed(const hpr_lines *lines, size_t index) {
  while (++index < lines->count)
    if (is_placed(lines->list + index)) return lines->list + index;
  return NULL;
}

/* Behind the line before it; with some room between them unless a line stands there. */
static void choose_place(const update *it, size_t index, size_t length) {
  hpr_line *list = it->lines->list;
  size_t before = index;
  while (before > it->lines->first && !is_placed(list + before - 1)) before--;
  const bool is_first = before == it->lines->first;
  uint32_t at = is_first ? it->layout->lines_at : end_of(list + before - 1) + it->layout->slack;
  const hpr_line *next = next_placed(it->lines, index);
  if (!is_first && next && at + length > next->at) at -= it->layout->slack;
  list[index].at = at;
  /* Those that have been removed stand nowhere, but never behind it. */
  for (; index > 0 && list[index - 1].at > at; index--) list[index - 1].at = at;
}

static bool put(const update *it, size_t index, size_t length) {
  hpr_line *line = it->lines->list + index;
  const uint32_t before = is_placed(line) ? end_of(line) : 0;
  if (!is_placed(line)) choose_place(it, index, length);
  set_length(it, line, length);
  const uint32_t end = end_of(line);
  hpr_pieces_add(it->pieces, line->at, before > end ? before : end);
  return make_way(it, index + 1, end);
}

static void vacate(const update *it, hpr_line *line) {
  hpr_pieces_add(it->pieces, line->at, end_of(line));
  set_length(it, line, 0);
}

/* Which line is the first has changed: it begins without a comma, and the one before with one. */
static void move_comma(const update *it) {
  hpr_layout *layout = it->layout;
  hpr_lines *lines = it->lines;
  const size_t first = hpr_lines_first(lines), count = lines->count;
  const bool has_bare = first < count && !layout->parted;
  const uint64_t bare = has_bare ? lines->list[first].order : 0;
  if (layout->parted || (has_bare == layout->has_bare && bare == layout->bare)) return;
  const size_t places[] = {layout->has_bare ? hpr_lines_find(lines, layout->bare) : count, first};
  for (size_t i = 0; i < 2; i++) {
    const hpr_line *line = places[i] < count ? lines->list + places[i] : NULL;
    if (line && is_placed(line)) hpr_pieces_add(it->pieces, line->at, line->at + 1);
  }
  layout->has_bare = has_bare;
  layout->bare = bare;
}

/* HPR_ETOOBIG: a layout of all is better. */
static int place_changes(const update *it) {
  hpr_lines *lines = it->lines;
  hpr_layout *layout = it->layout;
  hpr_buffer_clear(&layout->texts);
  if (lines->change_count > 1)
    qsort(lines->changes, lines->change_count, sizeof *lines->changes, compare_changes);
  for (size_t i = 0; i < lines->change_count; i++) {
    hpr_line *line = lines->list + hpr_lines_find(lines, lines->changes[i].order);
    line->stale = false;
    if (!line->entry) vacate(it, line);
  }
  hpr_lines_first(lines);
  for (size_t i = 0; i < lines->change_count; i++) {
    hpr_change *change = lines->changes + i;
    const size_t index = hpr_lines_find(lines, change->order);
    const void *entry = lines->list[index].entry;
    if (!entry) continue;
    if (print_change(it, change, entry) != 0) return HPR_ENOMEM;
    if (!put(it, index, change->text_length)) return HPR_ETOOBIG;
  }
  move_comma(it);
  const size_t dense = hpr_layout_dense_bytes(layout, lines);
  const bool sparse = layout->size > 2 * dense + BLANKS_MAX + layout->slack * lines->living;
  return sparse || layout->size > it->source->max_bytes ? HPR_ETOOBIG : 0;
}

/* The array's end and what follows it. */
static int update_rest(const update *it) {
  hpr_layout *layout = it->layout;
  hpr_buffer rest = {0};
  hpr_document_end(&rest, it->source->others);
  if (rest.failed) {
    hpr_buffer_done(&rest);
    return HPR_ENOMEM;
  }
  const bool same = layout->rest.length == rest.length && layout->rest.text &&
                    memcmp(layout->rest.text, rest.text, rest.length) == 0;
  const uint32_t before = rest_end(layout);
  hpr_buffer_done(same ? &rest : &layout->rest);
  if (same) return 0;
  layout->rest = rest;
  const uint32_t end = rest_end(layout) > before ? rest_end(layout) : before;
  hpr_pieces_add(it->pieces, layout->rest_at, end);
  if (end > layout->size) layout->size = end;
  return 0;
}

/* --- the whole ------------------------------------------------------------------------------ */

int hpr_layout_update(hpr_layout *layout, const hpr_layout_source *source, bool anew,
                      hpr_pieces *ret_changed) {
  hpr_lines *lines = source->lines;
  const update it = {layout, source, lines, ret_changed};
  const bool known = layout->number != 0 && lines->written == layout->number && !lines->all_stale;
  hpr_pieces_clear(ret_changed);
  int result = update_rest(&it);
  const bool changes = result == 0 && known && !anew;
  if (changes) result = place_changes(&it);
  if (result == HPR_ETOOBIG || (result == 0 && !changes)) result = lay_out_anew(&it);
  if (result != 0) hpr_layout_after_write(layout, lines, false);
  return result;
}

void hpr_layout_after_write(hpr_layout *layout, hpr_lines *lines, bool written) {
  lines->change_count = lines->stale = 0;
  if (!written) lines->written = 0;
  hpr_buffer_clear(&layout->texts);
  if (layout->texts.capacity > TEXTS_KEPT) hpr_buffer_done(&layout->texts);
  hpr_lines_tidy(lines);
}

size_t hpr_layout_dense_bytes(const hpr_layout *layout, const hpr_lines *lines) {
  return layout->lines_at + lines->bytes + layout->rest.length;
}

void hpr_layout_done(hpr_layout *layout) {
  hpr_buffer_done(&layout->rest);
  hpr_buffer_done(&layout->texts);
  *layout = (hpr_layout){0};
}

/* --- printing ------------------------------------------------------------------------------- */

/* A piece that is being printed into a buffer, whose bytes it is from `room` on. */
typedef struct print {
  const hpr_layout *layout;
  const hpr_layout_source *source;
  hpr_piece piece;
  hpr_buffer *buffer;
  size_t room;
  int result;
} print;

/* As much of a text, which stands at `at`, as the piece has. */
static void lay_over(const print *it, uint32_t at, const char *text, size_t length) {
  const size_t start = it->piece.at > at ? it->piece.at - at : 0;
  const size_t end = it->piece.end > at ? it->piece.end - at : 0;
  const size_t stop = end < length ? end : length;
  if (start < stop)
    memcpy(it->buffer->text + it->room + at + start - it->piece.at, text + start, stop - start);
}

static const hpr_change *find_change(const hpr_lines *lines, uint64_t order) {
  const hpr_change key = {.order = order};
  if (lines->change_count == 0) return NULL;
  return bsearch(&key, lines->changes, lines->change_count, sizeof key, compare_changes);
}

/* Puts a line there whose text is the change's, or is made behind the piece. */
static void lay_line_over(print *it, const hpr_line *line, const hpr_buffer *text, size_t text_at,
                          size_t length) {
  const bool is_bare = it->layout->has_bare && line->order == it->layout->bare;
  if (text->failed || length != line->length) {
    it->result = text->failed ? HPR_ENOMEM : HPR_ECORRUPT;
    return;
  }
  lay_over(it, line->at, text->text + text_at, length);
  if (is_bare) lay_over(it, line->at, " ", 1);
}

static void print_line(print *it, const hpr_line *line) {
  const hpr_change *change = find_change(it->source->lines, line->order);
  hpr_buffer *buffer = it->buffer;
  const size_t before = buffer->length;
  if (change) {
    lay_line_over(it, line, &it->layout->texts, change->text_at, change->text_length);
    return;
  }
  hpr_buffer_add(buffer, SEPARATOR, strlen(SEPARATOR));
  it->source->write(line->entry, buffer);
  lay_line_over(it, line, buffer, before, buffer->length - before);
  buffer->length = before;
}

/* The first line that stands in the piece, if any does. */
static size_t first_line(const print *it) {
  const hpr_lines *lines = it->source->lines;
  size_t low = 0, high = lines->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (lines->list[middle].at <= it->piece.at)
      low = middle + 1;
    else
      high = middle;
  }
  while (low > 0 && !is_placed(lines->list + low - 1)) low--;
  return low > 0 && end_of(lines->list + low - 1) > it->piece.at ? low - 1 : low;
}

static void print_others(print *it) {
  hpr_buffer beginning = {0};
  if (it->piece.at >= it->layout->lines_at) return;
  print_beginning(it->source->others, &beginning);
  if (beginning.failed)
    it->result = HPR_ENOMEM;
  else
    lay_over(it, 0, beginning.text, beginning.length);
  hpr_buffer_done(&beginning);
}

int hpr_layout_print(const hpr_layout *layout, const hpr_layout_source *source, hpr_piece piece,
                     hpr_buffer *buffer) {
  print it = {layout, source, piece, buffer, buffer->length, 0};
  const size_t length = piece.end - piece.at;
  char *room = hpr_buffer_reserve(buffer, length);
  if (!room) return HPR_ENOMEM;
  memset(room, ' ', length);
  buffer->length += length;
  print_others(&it);
  const hpr_lines *lines = source->lines;
  size_t i = first_line(&it);
  for (; i < lines->count && lines->list[i].at < piece.end && it.result == 0; i++)
    if (is_placed(lines->list + i)) print_line(&it, lines->list + i);
  lay_over(&it, layout->rest_at, layout->rest.text, layout->rest.length);
  return it.result;
}
