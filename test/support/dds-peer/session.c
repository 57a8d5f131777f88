#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "roundscope.h"

enum { FIRST = 1, LAST = 2, LANE_END = 4 };

#define SESSION_LANE_NUMBER 0xffffffffu
#define FRAME_COST_MIN 65536u
#define FRAME_BYTES 524288u

/* limits.ddsControlWindowBytes and limits.ddsBulkWindowBytes. */
static const uint64_t window[CLASSES] = {4u << 20, 8u << 20};
static const char *const class_names[CLASSES] = {"control", "bulk"};

static uint64_t cost_of(uint32_t flags, uint32_t count) {
  const bool whole = (flags & FIRST) && (flags & LAST);
  return whole && count < FRAME_COST_MIN ? FRAME_COST_MIN : count;
}

static dds_entity_t must(dds_entity_t made, const char *what) {
  if (made < 0) fail(what);
  return made;
}

dds_entity_t make_endpoint(dds_entity_t participant, dds_entity_t topic, bool is_writer, const char *partition,
                           enum quality quality) {
  const bool late = quality == FOR_LATE;
  dds_qos_t *qos = dds_create_qos();
  dds_qset_reliability(qos, quality == CARELESS ? DDS_RELIABILITY_BEST_EFFORT : DDS_RELIABILITY_RELIABLE, DDS_SECS(10));
  dds_qset_durability(qos, late ? DDS_DURABILITY_TRANSIENT_LOCAL : DDS_DURABILITY_VOLATILE);
  dds_qset_history(qos, late ? DDS_HISTORY_KEEP_LAST : DDS_HISTORY_KEEP_ALL, 1);
  dds_qset_partition1(qos, partition);
  dds_qset_writer_data_lifecycle(qos, false);
  const dds_entity_t parent =
      must(is_writer ? dds_create_publisher(participant, qos, NULL) : dds_create_subscriber(participant, qos, NULL), "parent");
  const dds_entity_t made =
      must(is_writer ? dds_create_writer(parent, topic, qos, NULL) : dds_create_reader(parent, topic, qos, NULL), "endpoint");
  dds_delete_qos(qos);
  if (!is_writer) dds_set_status_mask(made, DDS_DATA_AVAILABLE_STATUS);
  return made;
}

static bool all_matched(const struct session *session) {
  for (int kind = 0; kind < CLASSES; kind++) {
    dds_publication_matched_status_t out;
    dds_subscription_matched_status_t in;
    if (dds_get_publication_matched_status(session->writers[kind], &out) < 0 || out.current_count == 0) return false;
    if (dds_get_subscription_matched_status(session->readers[kind], &in) < 0 || in.current_count == 0) return false;
  }
  return true;
}

void open_session(struct session *session, dds_entity_t participant, bool up) {
  session->up = up;
  char partition[256], name[64];
  snprintf(partition, sizeof partition, "%s/%s/%s", session->run, session->participant, session->id);
  session->waitset = must(dds_create_waitset(participant), "waitset");
  for (int kind = 0; kind < CLASSES; kind++) {
    for (int way = 0; way < 2; way++) {
      const bool is_writer = way == 1;
      snprintf(name, sizeof name, "roundscope_%s_%s", class_names[kind], is_writer == up ? "up" : "down");
      const dds_entity_t topic = must(dds_create_topic(participant, &roundscope_Sample_desc, name, NULL, NULL), "topic");
      const dds_entity_t made = make_endpoint(participant, topic, is_writer, partition, FOR_SESSION);
      if (is_writer) session->writers[kind] = made;
      else session->readers[kind] = made;
      if (!is_writer && dds_waitset_attach(session->waitset, made, kind) < 0) fail("attach");
    }
  }
}

static void await_matched(struct session *session) {
  for (int i = 0; i < 2500 && !all_matched(session); i++) dds_sleepfor(DDS_MSECS(4));
  if (!all_matched(session)) fail("the other end's topics did not appear");
}

/* `lane_number` and `number` together are never used twice: they are the tag's nonce. */
static void write_sample(struct session *session, int kind, const char *lane, uint32_t lane_number, uint32_t number,
                         uint32_t flags, const uint8_t *bytes, uint32_t count, uint32_t frame_bytes) {
  uint8_t tag[TAG_BYTES], *sealed = malloc(count + 1);
  const struct around around = {session->up, lane_number, number, flags, frame_bytes, lane};
  seal(session->sending, &around, bytes, count, sealed, tag);
  const roundscope_Sample sample = {
      .participant = (char *)session->participant, .run = (char *)session->run, .session = (char *)session->id,
      .lane = (char *)lane, .lane_number = lane_number, .number = number, .flags = flags, .frame_bytes = frame_bytes,
      .tag = {TAG_BYTES, TAG_BYTES, tag, false}, .bytes = {count, count, sealed, false}};
  if (dds_write(session->writers[kind], &sample) < 0) fail("write");
  free(sealed);
}

static void say(struct session *session, const char *json, uint32_t number) {
  write_sample(session, CONTROL, "session", SESSION_LANE_NUMBER, number, 0, (const uint8_t *)json,
               (uint32_t)strlen(json), 0);
}

void tell(struct session *session, const char *json) {
  if (session->session_number == 0) await_matched(session);
  say(session, json, session->session_number++);
}

static void send_frame(struct session *session, int kind, const char *lane, uint32_t lane_number, uint32_t number,
                       uint32_t flags, const uint8_t *bytes, uint32_t count) {
  const uint64_t cost = cost_of(flags, count);
  while (!session->closed && session->sent_cost[kind] - session->granted[kind] + cost > window[kind]) pump(session);
  if (session->closed) fail("the session ended while there was something to send");
  session->sent_cost[kind] += cost;
  write_sample(session, kind, lane, lane_number, number, flags, bytes, count, count);
}

void send_control(struct session *session, const char *text) {
  send_frame(session, CONTROL, "control", 0, session->control_number++, FIRST | LAST, (const uint8_t *)text,
             (uint32_t)strlen(text));
}

void send_bulk(struct session *session, const char *lane, const uint8_t *bytes, size_t count) {
  const uint32_t lane_number = 1 + session->bulk_lanes++;
  const char *id = lane + strlen("bulk:");
  const size_t id_bytes = strlen(id), name_bytes = 1 + id_bytes;
  char carried[32];
  uint8_t *frame = malloc(FRAME_BYTES + name_bytes);
  uint32_t number = 0;
  snprintf(carried, sizeof carried, "bulk:%u", lane_number);
  frame[0] = (uint8_t)id_bytes;
  memcpy(frame + 1, id, id_bytes);
  for (size_t at = 0; at < count; at += FRAME_BYTES, number++) {
    const uint32_t size = count - at < FRAME_BYTES ? (uint32_t)(count - at) : FRAME_BYTES;
    const uint32_t end = at + size == count ? LANE_END : 0;
    memcpy(frame + name_bytes, bytes + at, size);
    send_frame(session, BULK, carried, lane_number, number, FIRST | LAST | end, frame, (uint32_t)name_bytes + size);
    session->bulk_samples++;
  }
  free(frame);
}

static void hear(struct session *session, const roundscope_Sample *sample) {
  char text[4097] = "";
  if (sample->bytes._length >= sizeof text) fail("a session message that is too long");
  memcpy(text, sample->bytes._buffer, sample->bytes._length);
  if (strstr(text, "\"type\":\"ready\"")) session->ready = true;
  if (strstr(text, "\"type\":\"credit\"")) {
    const char *control = strstr(text, "\"control\":"), *bulk = strstr(text, "\"bulk\":");
    if (control == NULL || bulk == NULL) fail("credit without amounts");
    session->granted[CONTROL] = strtoull(control + 10, NULL, 10);
    session->granted[BULK] = strtoull(bulk + 7, NULL, 10);
  }
  if (strstr(text, "\"type\":\"close\"")) {
    session->closed = true;
    printf("closed %s\n", text);
    fflush(stdout);
  }
}

static struct lane *lane_of(struct session *session, const roundscope_Sample *sample) {
  for (unsigned i = 0; i < session->lanes_used; i++) {
    struct lane *known = &session->lanes[i];
    if (known->number == sample->lane_number && strcmp(known->carried, sample->lane) == 0) return known;
  }
  if (session->lanes_used == LANES_MAX) fail("more lanes than a test has");
  struct lane *lane = &session->lanes[session->lanes_used++];
  snprintf(lane->carried, sizeof lane->carried, "%s", sample->lane);
  snprintf(lane->name, sizeof lane->name, "%s", sample->lane);
  lane->number = sample->lane_number;
  return lane;
}

static void take_piece(struct session *session, int kind, const roundscope_Sample *sample) {
  struct lane *lane = lane_of(session, sample);
  const uint32_t whole = sample->bytes._length;
  const uint32_t name_bytes = kind == BULK && whole > 0 && (sample->flags & FIRST) ? 1 + sample->bytes._buffer[0] : 0;
  const uint32_t count = whole - name_bytes;
  if (name_bytes > whole || name_bytes > sizeof lane->name - 6) fail("a name that is longer than its sample");
  if (name_bytes > 0)
    snprintf(lane->name, sizeof lane->name, "bulk:%.*s", (int)name_bytes - 1, (const char *)sample->bytes._buffer + 1);
  if (lane->ended) fail("a sample after the end of its lane");
  if (sample->number != lane->next++) fail("a sample out of order, or lost");
  if (lane->count + count > lane->room) {
    lane->room = 2 * (lane->count + count) + FRAME_BYTES;
    lane->bytes = realloc(lane->bytes, lane->room);
    if (lane->bytes == NULL) fail("no memory");
  }
  if (count > 0) memcpy(lane->bytes + lane->count, sample->bytes._buffer + name_bytes, count);
  lane->count += count;
  lane->ended = (sample->flags & LANE_END) && (sample->flags & LAST);
  session->read_cost[kind] += cost_of(sample->flags, whole);
  if (session->read_cost[kind] - session->told[kind] < window[kind] / 4) return;
  char json[128];
  session->told[kind] = session->read_cost[kind];
  snprintf(json, sizeof json, "{\"type\":\"credit\",\"control\":%llu,\"bulk\":%llu}",
           (unsigned long long)session->read_cost[CONTROL], (unsigned long long)session->read_cost[BULK]);
  tell(session, json);
}

static void take_all(struct session *session, int kind) {
  void *samples[16] = {NULL};
  dds_sample_info_t infos[16];
  for (;;) {
    const int count = dds_take(session->readers[kind], samples, infos, 16, 16);
    if (count < 0) fail("take");
    for (int i = 0; i < count; i++) {
      if (!infos[i].valid_data) continue;
      /* Opened where it lies: the memory is Cyclone's, and ours until it is given back. */
      roundscope_Sample *sample = samples[i];
      const struct around around = {!session->up,  sample->lane_number, sample->number,
                                    sample->flags, sample->frame_bytes, sample->lane};
      if (sample->tag._length != TAG_BYTES ||
          !unseal(session->receiving, &around, sample->bytes._buffer, sample->bytes._length, sample->bytes._buffer,
                  sample->tag._buffer))
        fail("a forged sample");
      if (strcmp(sample->lane, "session") == 0) hear(session, sample);
      else take_piece(session, kind, sample);
    }
    if (count > 0) dds_return_loan(session->readers[kind], samples, count);
    if (count < 16) return;
  }
}

static bool pump_for(struct session *session, dds_duration_t patience) {
  dds_attach_t woken[CLASSES];
  if (dds_waitset_wait(session->waitset, woken, CLASSES, patience) <= 0) return false;
  for (int kind = 0; kind < CLASSES; kind++) take_all(session, kind);
  return true;
}

void pump(struct session *session) {
  if (!pump_for(session, DDS_SECS(30))) fail("nothing came for 30 s");
}

void greet(struct session *session) {
  await_matched(session);
  for (int i = 0; i < 100 && !session->ready; i++) {
    say(session, "{\"type\":\"ready\"}", 0);
    pump_for(session, DDS_MSECS(100));
  }
  if (!session->ready) fail("the other end is not ready");
  session->session_number = 1;
}

void drain(struct session *session) {
  for (int kind = 0; kind < CLASSES; kind++) dds_wait_for_acks(session->writers[kind], DDS_SECS(1));
}
