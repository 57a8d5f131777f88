/*
 * The other end of Roundscope's DDS transport, by Cyclone DDS's C interface and the types that `idlc` makes of
 * resources/idl/roundscope.idl. What it needs comes on stdin, a line each: role (participant, coordinator), domain
 * configuration, run, participant, token, the coordinator's peer id and its key in hex (public for a participant, private
 * for a coordinator), fault (none; type, quality: it is there, and its topics do not fit). It sends each bulk lane that came whole back with every bit turned, and says on
 * stdout what happens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "roundscope.h"
#include "session.h"

#define DOMAIN 0
#define VERSION 4

struct peer {
  char role[16], config[8192], run[128], participant[64], token[256], coordinator[128], key[HEX_MAX + 1], fault[16], id[HEX_MAX];
  bool up;
  dds_entity_t domain_participant, announcing, hearing, waitset;
  void *own;
  char offered_up[HEX_MAX], offered_down[HEX_MAX];
};

static void say(const char *word, const char *more) {
  printf("%s %s\n", word, more);
  fflush(stdout);
}

static void read_line(char *into, size_t room) {
  if (fgets(into, (int)room, stdin) == NULL) fail("a line is missing on stdin");
  into[strcspn(into, "\n")] = 0;
}

/* The words that are proved, signed or make keys: a JSON list. */
static void words_of(const struct peer *peer, const char *purpose, const char *first, const char *second, const char *third,
                     char text[2048]) {
  snprintf(text, 2048, "[\"roundscope sealed\",%d,\"%s\",\"dds\",\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"%s%s%s]", VERSION,
           purpose, peer->run, peer->participant, peer->id, first, second, *third ? ",\"" : "", third,
           *third ? "\"" : "");
}

/* That the token is known and this session is meant. */
static void request_proof(const struct peer *peer, char *hex) {
  char text[2048];
  words_of(peer, "open", peer->offered_up, peer->coordinator, "", text);
  hmac_hex(peer->token, text, hex);
}

static void accept_text(const struct peer *peer, char text[2048]) {
  words_of(peer, "accept", peer->offered_up, peer->coordinator, peer->offered_down, text);
}

static void announce(struct peer *peer, const char *participant, const char *id, const char *kind, const char *agreement,
                     const char *proof, const char *reason) {
  const roundscope_Announce said = {(char *)participant, (char *)id, peer->run, (char *)kind, VERSION,
                                    (char *)agreement,   (char *)proof, (char *)reason};
  if (dds_write(peer->announcing, &said) < 0) fail("announce");
}

static dds_entity_t announce_endpoint(struct peer *peer, bool is_writer) {
  const char *name = is_writer == peer->up ? "roundscope_session_up" : "roundscope_session_down";
  const dds_topic_descriptor_t *type =
      strcmp(peer->fault, "type") == 0 ? &roundscope_Sample_desc : &roundscope_Announce_desc;
  const enum quality quality = strcmp(peer->fault, "quality") == 0 ? CARELESS : FOR_LATE;
  const dds_entity_t topic = dds_create_topic(peer->domain_participant, type, name, NULL, NULL);
  if (topic < 0) fail("topic");
  return make_endpoint(peer->domain_participant, topic, is_writer, peer->run, quality);
}

static void join(struct peer *peer) {
  if (dds_create_domain(DOMAIN, peer->config) < 0) fail("domain");
  peer->domain_participant = dds_create_participant(DOMAIN, NULL, NULL);
  if (peer->domain_participant < 0) fail("participant");
  peer->announcing = announce_endpoint(peer, true);
  peer->hearing = announce_endpoint(peer, false);
  peer->waitset = dds_create_waitset(peer->domain_participant);
  if (dds_waitset_attach(peer->waitset, peer->hearing, 0) < 0) fail("attach");
}

/* Whether this announcement is the one that is waited for; the others are told. */
static bool is_wanted(struct peer *peer, const roundscope_Announce *said, const char *kind) {
  if (strcmp(said->run, peer->run) != 0) return false;
  if (strcmp(said->participant, "coordinator") == 0) {
    say(said->kind, said->run);
    return false;
  }
  if (peer->up && strcmp(said->session, peer->id) != 0) return false;
  if (strcmp(said->kind, "refuse") == 0) {
    say("refused", said->reason);
    exit(2);
  }
  return strcmp(said->kind, kind) == 0;
}

/* Copies what was offered, and the proof, of the first announcement of this kind. */
static void await_announcement(struct peer *peer, const char *kind, char *agreement, char proof[SIGNATURE_HEX_MAX]) {
  for (;;) {
    dds_attach_t woken;
    void *sample = NULL;
    dds_sample_info_t info;
    if (dds_waitset_wait(peer->waitset, &woken, 1, DDS_SECS(20)) <= 0) fail("nobody answered");
    while (dds_take(peer->hearing, &sample, &info, 1, 1) == 1) {
      const roundscope_Announce *said = sample;
      const bool found = info.valid_data && is_wanted(peer, said, kind);
      if (found) {
        snprintf(agreement, HEX_MAX, "%s", said->agreement);
        snprintf(proof, SIGNATURE_HEX_MAX, "%s", said->proof);
        if (!peer->up) snprintf(peer->id, sizeof peer->id, "%s", said->session);
        if (!peer->up) snprintf(peer->participant, sizeof peer->participant, "%s", said->participant);
      }
      dds_return_loan(peer->hearing, &sample, 1);
      sample = NULL;
      if (found) return;
    }
  }
}

static void derive(struct peer *peer, struct session *session) {
  char info[2048];
  uint8_t keys[2 * KEY_BYTES];
  words_of(peer, "keys", peer->offered_up, peer->offered_down, peer->coordinator, info);
  agreed_keys(peer->own, peer->up ? peer->offered_down : peer->offered_up, peer->token, info, keys);
  memcpy(session->sending, keys + (peer->up ? 0 : KEY_BYTES), KEY_BYTES);
  memcpy(session->receiving, keys + (peer->up ? KEY_BYTES : 0), KEY_BYTES);
}

static void ask(struct peer *peer, struct session *session) {
  char proof[HEX_MAX], signature[SIGNATURE_HEX_MAX], text[2048];
  random_hex(12, peer->id);
  peer->own = new_agreement(peer->offered_up);
  request_proof(peer, proof);
  announce(peer, peer->participant, peer->id, "open", peer->offered_up, proof, peer->coordinator);
  await_announcement(peer, "accept", peer->offered_down, signature);
  accept_text(peer, text);
  if (!has_signed(peer->key, text, signature)) fail("whoever accepted is not the coordinator");
  derive(peer, session);
  open_session(session, peer->domain_participant, true);
  greet(session);
}

static void grant(struct peer *peer, struct session *session) {
  char theirs[SIGNATURE_HEX_MAX], expected[HEX_MAX], signature[SIGNATURE_HEX_MAX], text[2048];
  announce(peer, "coordinator", "", "online", "", "", "");
  say("listening", peer->run);
  await_announcement(peer, "open", peer->offered_up, theirs);
  request_proof(peer, expected);
  if (strcmp(theirs, expected) != 0) fail("whoever asked has not the token");
  peer->own = new_agreement(peer->offered_down);
  derive(peer, session);
  open_session(session, peer->domain_participant, false);
  accept_text(peer, text);
  sign_hex(peer->key, text, signature);
  announce(peer, peer->participant, peer->id, "accept", peer->offered_down, signature, "");
  while (!session->ready) pump(session);
  tell(session, "{\"type\":\"ready\"}");
}

/* Sends back what has come whole, with every bit turned. */
static void answer(struct session *session, struct lane *lane) {
  char hash[HEX_MAX], text[256];
  sha256_hex(lane->bytes, lane->count, hash);
  snprintf(text, sizeof text, "%s %zu %s", lane->name, lane->count, hash);
  say("received", text);
  send_control(session, text);
  for (size_t i = 0; i < lane->count; i++) lane->bytes[i] ^= 0xff;
  send_bulk(session, lane->name, lane->bytes, lane->count);
  free(lane->bytes);
  lane->bytes = NULL;
}

static void serve(struct session *session) {
  unsigned answered = 0;
  while (!session->closed || answered < session->lanes_used) {
    if (answered < session->lanes_used && session->lanes[answered].ended) answer(session, &session->lanes[answered++]);
    else if (session->closed) return;
    else pump(session);
  }
}

int main(void) {
  static struct peer peer;
  static struct session session;
  read_line(peer.role, sizeof peer.role);
  read_line(peer.config, sizeof peer.config);
  read_line(peer.run, sizeof peer.run);
  read_line(peer.participant, sizeof peer.participant);
  read_line(peer.token, sizeof peer.token);
  read_line(peer.coordinator, sizeof peer.coordinator);
  read_line(peer.key, sizeof peer.key);
  read_line(peer.fault, sizeof peer.fault);
  peer.up = strcmp(peer.role, "participant") == 0;
  session.run = peer.run;
  session.participant = peer.participant;
  session.id = peer.id;
  join(&peer);
  if (strcmp(peer.fault, "none") != 0) {
    say("unfit", peer.fault);
    dds_sleepfor(DDS_INFINITY);
  }
  if (peer.up) ask(&peer, &session);
  else grant(&peer, &session);
  say("open", peer.id);
  serve(&session);
  drain(&session);
  dds_delete(peer.domain_participant);
  return 0;
}
