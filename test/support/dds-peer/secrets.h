/* Cryptography of a session, as docs/decisions/0040-dds.md says. */
#ifndef ROUNDSCOPE_PEER_SECRETS_H
#define ROUNDSCOPE_PEER_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_BYTES 32
#define TAG_BYTES 16
#define HEX_MAX 65
#define SIGNATURE_BYTES 64
#define SIGNATURE_HEX_MAX 129

/* Exit with a word on stderr: in a test's peer every failure is the end of it. */
void fail(const char *what);

void random_hex(size_t bytes, char *hex);
void hex_of(const uint8_t *bytes, size_t count, char *hex);
/* HMAC-SHA256 by the token, hex. */
void hmac_hex(const char *token, const char *text, char *hex);
void sha256_hex(const uint8_t *bytes, size_t count, char *hex);
/* One half of an X25519 agreement; `offered` is what travels, hex. */
void *new_agreement(char *offered);
/* HKDF-SHA256 of the agreed secret, salted with the token: two keys. */
void agreed_keys(void *own, const char *offered_hex, const char *token, const char *info, uint8_t keys[2 * KEY_BYTES]);
/* Ed25519: by the private key (32 bytes, hex); whether the public one (32 bytes, hex) has signed. */
void sign_hex(const char *private_hex, const char *text, char *signature_hex);
bool has_signed(const char *public_hex, const char *text, const char *signature_hex);
/* What stands around a sample's bytes. */
struct around {
  bool up; /* the direction in which it goes */
  uint32_t lane_number, number, flags, frame_bytes;
  const char *lane;
};
/* AES-256-GCM: `out` has room for as many bytes. */
void seal(const uint8_t key[KEY_BYTES], const struct around *around, const uint8_t *bytes, uint32_t count, uint8_t *out,
          uint8_t tag[TAG_BYTES]);
bool unseal(const uint8_t key[KEY_BYTES], const struct around *around, const uint8_t *bytes, uint32_t count,
            uint8_t *out, const uint8_t tag[TAG_BYTES]);

#endif
