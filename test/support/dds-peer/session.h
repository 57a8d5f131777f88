/* One session's topics: pieces out and in, credit, farewell. */
#ifndef ROUNDSCOPE_PEER_SESSION_H
#define ROUNDSCOPE_PEER_SESSION_H

#include "dds/dds.h"
#include "secrets.h"

enum { CONTROL, BULK, CLASSES };
#define LANES_MAX 16

/* A lane that comes in: its frames one after the other. On the way it is a number; each frame begins with its name. */
struct lane {
  char carried[32], name[64];
  uint32_t number, next;
  uint8_t *bytes;
  size_t count, room;
  bool ended;
};

struct session {
  bool up;
  const char *run, *participant, *id;
  uint8_t sending[KEY_BYTES], receiving[KEY_BYTES];
  dds_entity_t writers[CLASSES], readers[CLASSES], waitset;
  uint64_t sent_cost[CLASSES], granted[CLASSES], read_cost[CLASSES], told[CLASSES];
  uint32_t session_number, control_number, bulk_lanes, bulk_samples;
  struct lane lanes[LANES_MAX];
  unsigned lanes_used;
  bool ready, closed;
};

/* FOR_LATE: those who come later get the last of each key. CARELESS: as nobody of this protocol has it. */
enum quality { FOR_SESSION, FOR_LATE, CARELESS };

/* A reader or writer in a partition. */
dds_entity_t make_endpoint(dds_entity_t participant, dds_entity_t topic, bool is_writer, const char *partition,
                           enum quality quality);
/* `up`: a participant's end. Waits until the other end's four are there. */
void open_session(struct session *session, dds_entity_t participant, bool up);
void tell(struct session *session, const char *json);
/* A participant's first word, until the coordinator's is heard. */
void greet(struct session *session);
/* Waits for something and takes it. */
void pump(struct session *session);
/* A whole frame in one sample; waits for credit. */
void send_control(struct session *session, const char *text);
void send_bulk(struct session *session, const char *lane, const uint8_t *bytes, size_t count);
/* Until the other end has all that was written. */
void drain(struct session *session);

#endif
