#include "store/document.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define ENTRIES "\"entries\""
#define REFUSED "\"refused\""
#define ANNOUNCED "\"announced\""
#define HEAD "{\"entries\":["
#define SEPARATOR ",\n"
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static int append(hpr_stored **list, hpr_span text, int error, const hpr_row *take_row) {
  hpr_stored *stored = calloc(1, sizeof *stored);
  if (!stored) return HPR_ENOMEM;
  stored->text = text;
  stored->error = error;
  if (error == 0) stored->row = *take_row;
  DL_APPEND(*list, stored);
  return 0;
}

typedef int (*row_reader)(hpr_span text, hpr_row *ret_row);

/* Reads one entry's text and keeps it, sound or not. `read` NULL: it is not. */
static int keep_entry(hpr_stored **list, hpr_span text, row_reader read) {
  hpr_row row = {0};
  int error = read ? read(text, &row) : HPR_EINVAL;
  if (error == HPR_ENOMEM) return error;
  int result = append(list, text, error, &row);
  if (result != 0) hpr_row_done(&row);
  return result;
}

static int read_entries(hpr_stored **list, hpr_cursor *cursor, row_reader read) {
  if (!hpr_scan_open(cursor, '[')) return HPR_ECORRUPT;
  bool first = true, failed = false;
  while (hpr_scan_more(cursor, ']', &first, &failed)) {
    hpr_span entry;
    cursor->unspeakable = false;
    if (!hpr_scan_value(cursor, &entry)) return HPR_ECORRUPT;
    int result = keep_entry(list, entry, cursor->unspeakable ? NULL : read);
    if (result != 0) return result;
  }
  return failed ? HPR_ECORRUPT : 0;
}

static int keep_member(hpr_document *document, hpr_span key, hpr_cursor *cursor) {
  hpr_span value;
  if (!hpr_scan_value(cursor, &value)) return HPR_ECORRUPT;
  hpr_buffer_add(&document->unknown, SEPARATOR, strlen(SEPARATOR));
  hpr_buffer_add(&document->unknown, key.text, key.length);
  hpr_buffer_add(&document->unknown, ":", 1);
  hpr_buffer_add(&document->unknown, value.text, value.length);
  return document->unknown.failed ? HPR_ENOMEM : 0;
}

static bool is_key(hpr_span key, const char *name) {
  return key.length == strlen(name) && memcmp(key.text, name, key.length) == 0;
}

/* Refused ones are read like all others: a later version may know what they are. */
static bool holds_entries(hpr_span key, const hpr_cursor *cursor) {
  hpr_cursor value = *cursor;
  return is_key(key, ENTRIES) || (is_key(key, REFUSED) && hpr_scan_open(&value, '['));
}

/* Anything else of that name would stand beside our own list in what we write. */
static int read_announced(hpr_document *document, hpr_cursor *cursor, bool seen) {
  hpr_cursor value = *cursor;
  hpr_span other;
  if (!seen && hpr_scan_open(&value, '['))
    return read_entries(&document->announced, cursor, hpr_row_read_announced);
  document->damaged = true;
  return hpr_scan_value(cursor, &other) ? 0 : HPR_ECORRUPT;
}

static int read_whole(hpr_document *document, hpr_cursor cursor) {
  bool first = true, failed = false, seen = false, seen_refused = false, seen_announced = false;
  if (!hpr_scan_open(&cursor, '{')) return HPR_ECORRUPT;
  while (hpr_scan_more(&cursor, '}', &first, &failed)) {
    hpr_span key;
    if (!hpr_scan_key(&cursor, &key)) return HPR_ECORRUPT;
    /* A reader that unescapes keys would see another member than we do. */
    if (memchr(key.text, '\\', key.length)) return HPR_ECORRUPT;
    const bool entries = holds_entries(key, &cursor), first_array = is_key(key, ENTRIES);
    if (first_array ? seen : entries && seen_refused) return HPR_ECORRUPT;
    seen = seen || first_array;
    seen_refused = seen_refused || (entries && !first_array);
    const bool announced = is_key(key, ANNOUNCED);
    int result = announced ? read_announced(document, &cursor, seen_announced)
                 : entries ? read_entries(&document->stored, &cursor, hpr_row_read_scanned)
                           : keep_member(document, key, &cursor);
    seen_announced = seen_announced || announced;
    if (result != 0) return result;
  }
  return failed || !hpr_scan_at_end(cursor) ? HPR_ECORRUPT : 0;
}

static void drop_all(hpr_document *document) {
  hpr_stored *stored, *next;
  DL_FOREACH_SAFE(document->stored, stored, next) hpr_document_drop(document, stored);
  DL_FOREACH_SAFE(document->announced, stored, next) hpr_document_drop_announced(document, stored);
  hpr_buffer_clear(&document->unknown);
}

/* An entry or, if a server has signed it, an announced token. */
static int salvage_one(hpr_document *document, hpr_span text) {
  hpr_row row = {0};
  hpr_stored **list = &document->stored;
  int error = hpr_row_read_scanned(text, &row);
  if (error == HPR_EINVAL) {
    list = &document->announced;
    error = hpr_row_read_announced(text, &row);
    if (error == 0 && hpr_row_owner(&row)->identity.pid == 0) error = HPR_EINVAL;
  }
  if (error == 0) error = append(list, text, 0, &row);
  if (error != 0) hpr_row_done(&row);
  return error;
}

/*
 * Looks at every brace: whatever reads as a sound entry is one. A value that is cut short is
 * scanned again from each brace inside it, at most HPR_SCAN_DEPTH times, so this stays linear.
 */
static int salvage(hpr_document *document, const char *text, const char *end) {
  document->damaged = true;
  for (const char *at = text; at < end;) {
    at = memchr(at, '{', (size_t)(end - at));
    if (!at) break;
    hpr_cursor cursor = {.at = at, .end = end};
    hpr_span span;
    const bool sound = hpr_scan_value(&cursor, &span) && !cursor.unspeakable;
    const int error = sound ? salvage_one(document, span) : HPR_EINVAL;
    if (error == HPR_ENOMEM) return error;
    at = error == 0 ? span.text + span.length : at + 1;
  }
  return 0;
}

int hpr_document_read(char *take_text, size_t size, hpr_document *ret_document) {
  hpr_document document = {.text = take_text};
  const char *start = take_text, *end = take_text + size;
  const size_t mark = strlen(BYTE_ORDER_MARK);
  if (size >= mark && memcmp(start, BYTE_ORDER_MARK, mark) == 0) start += mark;
  int result = read_whole(&document, (hpr_cursor){.at = start, .end = end});
  if (result == HPR_ECORRUPT) {
    drop_all(&document);
    result = salvage(&document, start, end);
  }
  if (result == 0)
    *ret_document = document;
  else
    hpr_document_done(&document);
  return result;
}

static int rewrite(hpr_stored *stored, void (*write)(const hpr_row *, hpr_buffer *)) {
  hpr_buffer buffer = {0};
  write(&stored->row, &buffer);
  if (buffer.failed) {
    hpr_buffer_done(&buffer);
    return HPR_ENOMEM;
  }
  free(stored->rewritten);
  stored->rewritten = buffer.text;
  stored->text = (hpr_span){.text = buffer.text, .length = buffer.length};
  return 0;
}

int hpr_document_rewrite(hpr_stored *stored) { return rewrite(stored, hpr_row_write); }

int hpr_document_rewrite_announced(hpr_stored *stored) {
  return rewrite(stored, hpr_row_write_announced);
}

static void drop(hpr_stored **list, hpr_stored *stored) {
  DL_DELETE(*list, stored);
  free(stored->rewritten);
  hpr_row_done(&stored->row);
  free(stored);
}

void hpr_document_drop(hpr_document *document, hpr_stored *stored) {
  drop(&document->stored, stored);
}

void hpr_document_drop_announced(hpr_document *document, hpr_stored *stored) {
  drop(&document->announced, stored);
}

void hpr_document_done(hpr_document *document) {
  drop_all(document);
  hpr_buffer_done(&document->unknown);
  free(document->text);
  *document = (hpr_document){0};
}

void hpr_document_begin(hpr_buffer *buffer) {
  hpr_buffer_clear(buffer);
  hpr_buffer_add(buffer, HEAD, strlen(HEAD));
}

void hpr_document_add(hpr_buffer *buffer, const char *entry, size_t length) {
  bool first = buffer->length == strlen(HEAD);
  hpr_buffer_add(buffer, first ? "\n" : SEPARATOR, first ? 1 : strlen(SEPARATOR));
  hpr_buffer_add(buffer, entry, length);
}

void hpr_document_announce(hpr_buffer *own_announced, const hpr_row *row) {
  hpr_buffer_add(own_announced, SEPARATOR, strlen(SEPARATOR));
  hpr_row_write_announced(row, own_announced);
}

static void add_announced(hpr_buffer *buffer, const hpr_document *others) {
  const hpr_stored *stored;
  const hpr_buffer *own = others->own_announced;
  const size_t own_length = own ? own->length : 0;
  bool first = true;
  if (!others->announced && own_length == 0) return;
  hpr_buffer_add(buffer, SEPARATOR ANNOUNCED ":[\n", strlen(SEPARATOR ANNOUNCED ":[\n"));
  DL_FOREACH(others->announced, stored) {
    if (!first) hpr_buffer_add(buffer, SEPARATOR, strlen(SEPARATOR));
    hpr_buffer_add(buffer, stored->text.text, stored->text.length);
    first = false;
  }
  const size_t skip = first && own_length > 0 ? strlen(SEPARATOR) : 0;
  if (own_length > 0) hpr_buffer_add(buffer, own->text + skip, own_length - skip);
  hpr_buffer_add(buffer, "\n]", 2);
}

static void add_unknown(hpr_buffer *buffer, const hpr_document *others) {
  add_announced(buffer, others);
  hpr_buffer_add(buffer, others->unknown.text ? others->unknown.text : "", others->unknown.length);
  hpr_buffer_add(buffer, "}\n", 2);
}

static void add_refused(hpr_buffer *buffer, const hpr_document *others) {
  const hpr_stored *stored;
  bool first = true;
  DL_FOREACH(others->stored, stored) {
    if (stored->error == 0) continue;
    const char *before = first ? SEPARATOR REFUSED ":[\n" : SEPARATOR;
    hpr_buffer_add(buffer, before, strlen(before));
    hpr_buffer_add(buffer, stored->text.text, stored->text.length);
    first = false;
  }
  if (!first) hpr_buffer_add(buffer, "\n]", 2);
}

void hpr_document_end(hpr_buffer *buffer, const hpr_document *others) {
  hpr_buffer_add(buffer, "\n]", 2);
  add_refused(buffer, others);
  add_unknown(buffer, others);
}
