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

void sign_hex(const char *private_hex, const char *text, char *signature_hex) {
  uint8_t key[KEY_BYTES], signature[SIGNATURE_BYTES];
  size_t count = sizeof signature;
  bytes_of(private_hex, key, sizeof key);
  EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, sizeof key);
  EVP_MD_CTX *signing = EVP_MD_CTX_new();
  if (own == NULL || EVP_DigestSignInit(signing, NULL, NULL, NULL, own) != 1 ||
      EVP_DigestSign(signing, signature, &count, (const uint8_t *)text, strlen(text)) != 1)
    fail("Ed25519");
  hex_of(signature, count, signature_hex);
  EVP_MD_CTX_free(signing);
  EVP_PKEY_free(own);
}

bool has_signed(const char *public_hex, const char *text, const char *signature_hex) {
  uint8_t key[KEY_BYTES], signature[SIGNATURE_BYTES];
  bytes_of(public_hex, key, sizeof key);
  bytes_of(signature_hex, signature, sizeof signature);
  EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, sizeof key);
  EVP_MD_CTX *verifying = EVP_MD_CTX_new();
  if (theirs == NULL || EVP_DigestVerifyInit(verifying, NULL, NULL, NULL, theirs) != 1) fail("Ed25519");
  const bool good = EVP_DigestVerify(verifying, signature, sizeof signature, (const uint8_t *)text, strlen(text)) == 1;
  EVP_MD_CTX_free(verifying);
  EVP_PKEY_free(theirs);
  return good;
}

/* Direction, flags, lane number, number, length of the frame, name of the lane; the nonce is direction, lane number, number. */
static size_t put_around(const struct around *around, uint8_t *nonce, uint8_t *head) {
  memset(nonce, 0, 12);
  nonce[0] = head[0] = around->up ? 1 : 2;
  put32(nonce + 4, around->lane_number);
  put32(nonce + 8, around->number);
  head[1] = (uint8_t)around->flags;
  put32(head + 2, around->lane_number);
  put32(head + 6, around->number);
  put32(head + 10, around->frame_bytes);
  const size_t lane_bytes = strlen(around->lane);
  if (lane_bytes > 255) fail("a lane's name that is too long");
  memcpy(head + 14, around->lane, lane_bytes);
  return 14 + lane_bytes;
}

void seal(const uint8_t key[KEY_BYTES], const struct around *around, const uint8_t *bytes, uint32_t count, uint8_t *out,
          uint8_t tag[TAG_BYTES]) {
  uint8_t nonce[12], head[14 + 255], end[16];
  int done;
  const size_t head_bytes = put_around(around, nonce, head);
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  if (EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) != 1 ||
      EVP_EncryptUpdate(cipher, NULL, &done, head, (int)head_bytes) != 1 ||
      (count > 0 && EVP_EncryptUpdate(cipher, out, &done, bytes, (int)count) != 1) ||
      EVP_EncryptFinal_ex(cipher, end, &done) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) != 1)
    fail("GCM");
  EVP_CIPHER_CTX_free(cipher);
}

bool unseal(const uint8_t key[KEY_BYTES], const struct around *around, const uint8_t *bytes, uint32_t count,
            uint8_t *out, const uint8_t tag[TAG_BYTES]) {
  uint8_t nonce[12], head[14 + 255], end[16];
  int done;
  const size_t head_bytes = put_around(around, nonce, head);
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  if (EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) != 1 ||
      EVP_DecryptUpdate(cipher, NULL, &done, head, (int)head_bytes) != 1 ||
      (count > 0 && EVP_DecryptUpdate(cipher, out, &done, bytes, (int)count) != 1) ||
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, (void *)tag) != 1)
    fail("GCM");
  const bool genuine = EVP_DecryptFinal_ex(cipher, end, &done) == 1;
  EVP_CIPHER_CTX_free(cipher);
  return genuine;
}
