/* uuid - see uuid.h. */
#include "auth/uuid.h"
#include <string.h>

static int digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return -1;
}

static bool is_hyphen_place(int place)
{
    return place == 8 || place == 13 || place == 18 || place == 23;
}

bool uuid_parse(const char *text, unsigned char bytes[UUID_BYTES])
{
    unsigned char parsed[UUID_BYTES];
    int count = 0;
    if (strnlen(text, UUID_SIZE) != UUID_SIZE - 1)
        return false;
    for (int i = 0; i < UUID_SIZE - 1; i++) {
        if (is_hyphen_place(i)) {
            if (text[i] != '-')
                return false;
            continue;
        }
        int high = digit(text[i]), low = digit(text[++i]);
        if (high < 0 || low < 0)
            return false;
        parsed[count++] = (unsigned char)(high * 16 + low);
    }
    memcpy(bytes, parsed, UUID_BYTES);
    return true;
}

void uuid_format(const unsigned char bytes[UUID_BYTES], char text[UUID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    int used = 0;
    for (int i = 0; i < UUID_BYTES; i++) {
        if (is_hyphen_place(used))
            text[used++] = '-';
        text[used++] = digits[bytes[i] >> 4];
        text[used++] = digits[bytes[i] & 15];
    }
    text[used] = '\0';
}
