#include "secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

void fail(const char *what) {
  fprintf(stderr, "dds-peer: %s\n", what);
  exit(1);
}

void hex_of(const uint8_t *bytes, size_t count, char *hex) {
  for (size_t i = 0; i < count; i++) sprintf(hex + 2 * i, "%02x", bytes[i]);
  hex[2 * count] = 0;
}

static void bytes_of(const char *hex, uint8_t *bytes, size_t count) {
  if (strlen(hex) != 2 * count) fail("a key of another length");
  for (size_t i = 0; i < count; i++) {
    unsigned value;
    if (sscanf(hex + 2 * i, "%2x", &value) != 1) fail("a key that is not hex");
    bytes[i] = (uint8_t)value;
  }
}

void random_hex(size_t bytes, char *hex) {
  uint8_t drawn[32];
  if (bytes > sizeof drawn || RAND_bytes(drawn, (int)bytes) != 1) fail("no randomness");
  hex_of(drawn, bytes, hex);
}

void hmac_hex(const char *token, const char *text, char *hex) {
  uint8_t mac[KEY_BYTES];
  unsigned count = sizeof mac;
  if (!HMAC(EVP_sha256(), token, (int)strlen(token), (const uint8_t *)text, strlen(text), mac, &count)) fail("HMAC");
  hex_of(mac, count, hex);
}

void sha256_hex(const uint8_t *bytes, size_t count, char *hex) {
  uint8_t hash[KEY_BYTES];
  if (!EVP_Digest(bytes, count, hash, NULL, EVP_sha256(), NULL)) fail("SHA-256");
  hex_of(hash, sizeof hash, hex);
}

void *new_agreement(char *offered) {
  EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
  uint8_t bytes[KEY_BYTES];
  size_t count = sizeof bytes;
  if (own == NULL || EVP_PKEY_get_raw_public_key(own, bytes, &count) != 1) fail("X25519");
  hex_of(bytes, count, offered);
  return own;
}

void agreed_keys(void *own, const char *offered_hex, const char *token, const char *info, uint8_t keys[2 * KEY_BYTES]) {
  uint8_t offered[KEY_BYTES], secret[KEY_BYTES];
  size_t secret_bytes = sizeof secret, keys_bytes = 2 * KEY_BYTES;
  bytes_of(offered_hex, offered, sizeof offered);
  EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, offered, sizeof offered);
  EVP_PKEY_CTX *agreeing = EVP_PKEY_CTX_new(own, NULL);
  if (theirs == NULL || EVP_PKEY_derive_init(agreeing) != 1 || EVP_PKEY_derive_set_peer(agreeing, theirs) != 1 ||
      EVP_PKEY_derive(agreeing, secret, &secret_bytes) != 1)
    fail("no agreement");
  EVP_PKEY_CTX *deriving = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
  if (EVP_PKEY_derive_init(deriving) != 1 || EVP_PKEY_CTX_set_hkdf_md(deriving, EVP_sha256()) != 1 ||
      EVP_PKEY_CTX_set1_hkdf_salt(deriving, (const uint8_t *)token, (int)strlen(token)) != 1 ||
      EVP_PKEY_CTX_set1_hkdf_key(deriving, secret, (int)secret_bytes) != 1 ||
      EVP_PKEY_CTX_add1_hkdf_info(deriving, (const uint8_t *)info, (int)strlen(info)) != 1 ||
      EVP_PKEY_derive(deriving, keys, &keys_bytes) != 1)
    fail("HKDF");
  EVP_PKEY_CTX_free(deriving);
  EVP_PKEY_CTX_free(agreeing);
  EVP_PKEY_free(theirs);
}

static void put32(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 24);
  at[1] = (uint8_t)(value >> 16);
  at[2] = (uint8_t)(value >> 8);
  at[3] = (uint8_t)value;
}

void tag_of(const uint8_t key[KEY_BYTES], uint32_t lane_number, uint32_t number, uint32_t flags, uint32_t frame_bytes,
            const char *lane, const uint8_t *bytes, uint32_t count, uint8_t tag[TAG_BYTES]) {
  uint8_t nonce[12] = {0}, head[10], end[16];
  uint16_t lane_bytes = (uint16_t)strlen(lane);
  int done;
  put32(nonce + 4, lane_number);
  put32(nonce + 8, number);
  put32(head, flags);
  put32(head + 4, frame_bytes);
  head[8] = (uint8_t)(lane_bytes >> 8);
  head[9] = (uint8_t)lane_bytes;
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  if (EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) != 1 ||
      EVP_EncryptUpdate(cipher, NULL, &done, head, sizeof head) != 1 ||
      EVP_EncryptUpdate(cipher, NULL, &done, (const uint8_t *)lane, lane_bytes) != 1 ||
      (count > 0 && EVP_EncryptUpdate(cipher, NULL, &done, bytes, (int)count) != 1) ||
      EVP_EncryptFinal_ex(cipher, end, &done) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) != 1)
    fail("GMAC");
  EVP_CIPHER_CTX_free(cipher);
}
